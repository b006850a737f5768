"""What a branch does to the numbers: it and its base are built on the same demo, and compared.

    git.py        which commit is the base, and what differs from it
    side.py       what is asked of either tree, by its own code
    trees.py      both trees, their demo, and what was built from them
    rows.py       the rows of the definitions that changed, and files that hold one change alone
    upstream.py   the changed models, macros, contracts and modules that stand before a mart
    verdict.py    what moves without being explained, and whether it is meant
    text.py       how it is told: in a terminal, and as a comment
    command.py    the steps, one after the other

Docs: docs/pull-requests.md.
"""
