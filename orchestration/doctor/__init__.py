"""Tell, without loading anything, what would become of the exports and what to do about it.

`examine` looks at the files with the loader's own code (examine.py); what does not fit is looked at
as plain text (sheet.py) and gets a mapping proposed (proposals.py, hints.py). How it is shown is
terminal.py.
"""

from __future__ import annotations

from orchestration.doctor.examine import Diagnosis, Finding, Open, examine

__all__ = ["Diagnosis", "Finding", "Open", "examine"]
