"""What is kept beside a study for all parts of the app that serve it."""

from __future__ import annotations

import threading
from typing import NamedTuple

from querist.study import Study
from querist.web.ledger import Ledger
from querist.web.seek import Seeker


class Kept(NamedTuple):
    """A study, the log folded, its words folded, and the lock of whoever lets the study read on.

    ``suggests`` says whether the model's word is shown.
    """

    study: Study
    ledger: Ledger
    seeker: Seeker
    lock: threading.Lock
    suggests: bool
