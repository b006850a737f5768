-- One row per fiscal quarter and movement of the pipeline due in it. Opening and all movements add up to closing.
with

movements as (

    select * from {{ ref('int_pipeline_movements') }}

),

days as (

    select * from {{ ref('dim_date') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

names as (

    select
        movement,
        movement_order

    from (
        values
        ('opening', 1),
        ('created', 2),
        ('reopened', 3),
        ('pulled_in', 4),
        ('increased', 5),
        ('won', 6),
        ('lost', 7),
        ('decreased', 8),
        ('pushed_out', 9),
        ('fx', 10),
        ('closing', 11)
    ) as listed (movement, movement_order)

),

sums as (

    select
        quarter_start,
        movement,
        sum(amount) as amount,
        count(distinct opportunity_id) as opportunities

    from movements

    group by quarter_start, movement

),

quarters as (

    select distinct quarter_start from movements

),

named_quarters as (

    select
        fiscal_quarter_start as quarter_start,
        max(fiscal_quarter_end) as quarter_end,
        max(fiscal_year) as fiscal_year,
        max(fiscal_quarter) as fiscal_quarter

    from days

    group by fiscal_quarter_start

)

select
    names.movement,
    cast(names.movement_order as integer) as movement_order,
    named_quarters.fiscal_year,
    named_quarters.fiscal_quarter,
    {{ money('coalesce(sums.amount, 0)') }} as amount,
    coalesce(sums.opportunities, 0) as opportunities,
    named_quarters.quarter_end <= settings.as_of as is_complete,
    quarters.quarter_start,
    named_quarters.quarter_end

from quarters

cross join names

cross join settings

inner join named_quarters
    on quarters.quarter_start = named_quarters.quarter_start

left join sums
    on quarters.quarter_start = sums.quarter_start and names.movement = sums.movement
