-- One row per stage of the shared ladder. Fixed, not configurable (glossary B): the rungs in their
-- order, then the exits. `proves_order` is the highest rung that an event of the stage proves.
select
    stage,
    stage_order,
    is_rung,
    proves_order

from (
    values
    ('lead', 1, true, 1),
    ('mql', 2, true, 2),
    ('sal', 3, true, 3),
    ('sql', 4, true, 4),
    ('opportunity', 5, true, 5),
    ('won', 6, true, 6),
    ('lost', 7, false, 5),
    ('rejected', 8, false, 0),
    ('recycled', 9, false, 0)
) as ladder (stage, stage_order, is_rung, proves_order)
