"""The demo company: an invented software company's exports, and the numbers that are true of them.

`generate` simulates two years of leads, deals, ads, mailings and money, counts what is true of what
it decided (truth.json), and writes exports with the blemishes that exports have. Nothing here may
use the rest of the project: a truth that shares code with what it judges would prove nothing.
"""

from orchestration.demo.generate import generate

__all__ = ["generate"]
