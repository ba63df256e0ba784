"""SMTP: RFC 5321 and its extensions, one module per chapter.

`from pytest_netconform.suites.smtp import *` brings every check into a module of a project's own.
"""

from pytest_netconform.suites.smtp.greeting import *  # noqa: F403
from pytest_netconform.suites.smtp.order import *  # noqa: F403
from pytest_netconform.suites.smtp.replies import *  # noqa: F403
