"""Streams of any dialect: mutants of segments, marks, lengths, blocks, connections, and of questions and answers."""

from tests.fuzz.stateful import Stateful

STATEFUL = Stateful(
    chapters=("segments", "delimiters", "lengths", "blocks", "connections", "zen"),
    but={
        # recommended only, so that a model leaves it open
        "partial_command_executed_at_eof": "a SHOULD (FRM-delimiter-missing-eof)",
        "lone_escape_is_dropped_at_eof": "a SHOULD (FRM-delimiter-missing-eof)",
        "short_body_is_processed": "a SHOULD (FRM-len-short-body)",
        "short_netstring_is_processed": "a SHOULD (FRM-len-short-body)",
        "short_message_is_padded": "a SHOULD (FRM-fixed-short)",
        "blocks_processed_at_eof": "a SHOULD (FRM-blocks-no-end)",
        "rst_on_normal_close": "a SHOULD (TCP-fin-seen)",
        "urgent_octet_eats_the_next": "a SHOULD (TCP-urgent)",
        "unknown_is_a_key_error": "a SHOULD (ZEN-unknown)",
        "unknown_gets_another_answer": "a SHOULD (ZEN-unknown)",
        # recorded, and no wrong choice
        "endless_shift": "recorded (FRM-varint)",
        "needless_octets_are_read": "recorded (FRM-varint): another choice",
        "close_eats_the_goodbye": "recorded (TCP-9293-SHLD3-close-unread)",
        "idle_limit_of_a_second": "recorded (TCP-keepalive-idle)",
        "looks_at_it_all_again": "recorded (ZEN-overlong)",
        # about an amount, which one check floods with, and not about a sequence
        "unbounded_buffer": "16 MiB without a mark",
        "memory_is_exhausted": "8 MiB without a mark",
        "quadratic_scan": "the time for a message of 1 MiB, which may as well be refused",
    },
)
