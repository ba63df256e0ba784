"""HTTP: mutants of pipelining, persistence, and of where a body ends."""

from tests.fuzz.stateful import Stateful

_TOLERATED = "the field shows it so often that the suite tolerates it"
_RECORDED = "the standard leaves it free; the suite records it"

STATEFUL = Stateful(
    chapters=("pipelining", "persistence", "length", "chunked"),
    but={
        "garbage_loses_answer": "a SHOULD, and a reset may destroy it (HTTP-9112-9.3.2-pipeline-invalid-last)",
        "keep_alive_unsaid": f"{_TOLERATED} (HTTP-9112-9.3-http10-keepalive)",
        "close_not_repeated": "a SHOULD, which the model leaves open (HTTP-9112-9.6-close-echo)",
        "resets_behind_refusal": f"{_RECORDED} (HTTP-9112-9.6-lingering)",
        "end_is_abort": f"{_RECORDED} (HTTP-9112-9.6-client-half-close)",
        "half_a_head_stays": f"{_RECORDED} (HTTP-9112-9.5-partial-timeout)",
        "one_after_the_other": f"{_RECORDED}; a walk has one connection at a time (HTTP-9112-9.5-slow-header-isolated)",
        "size_of_16_digits": f"{_RECORDED}: a limit of size (HTTP-9112-7.1-size-many-zeros)",
        "extensions_without_limit": f"{_RECORDED} (HTTP-9112-7.1.1-ext-huge)",
        "blank_lines_between_chunks": f"{_TOLERATED} (HTTP-9112-7.1-size-empty)",
        "blanks_before_sizes_stripped": f"{_TOLERATED} (HTTP-9112-7.1-size-leading-ws)",
        "lf_ends_chunk_line": f"{_TOLERATED} (HTTP-9112-7.1-data-lf)",
        "blank_before_extension_refused": f"{_TOLERATED} (HTTP-9112-7.1.1-ext-bws)",
        "half_a_chunked_body_will_do": f"{_TOLERATED} (HTTP-9112-7.1-no-final-crlf)",
    },
)
