{{ config(materialized='table') }}

-- One row per person and cycle: the channel and campaign it is counted under, which are those of the
-- cycle's MQL touch, else of the person's first touch (glossary B, rule 8).
with

stage_cycles as (

    select * from {{ ref('int_stage_cycles') }}

),

touches as (

    select * from {{ ref('int_touches') }}

),

first_touches as (

    select * from {{ ref('int_first_touches') }}

),

cycles as (

    select
        person_id,
        cycle_number,
        min(case when stage = 'mql' and is_observed then occurred_at end) as mql_at,
        max(case when is_ending then occurred_at end) as ended_at

    from stage_cycles

    group by person_id, cycle_number

),

with_previous as (

    select
        person_id,
        cycle_number,
        mql_at,
        ended_at,
        lag(ended_at) over (partition by person_id order by cycle_number) as previous_ended_at

    from cycles

),

mql_touches as (

    select
        with_previous.person_id,
        with_previous.cycle_number,
        touches.channel,
        touches.campaign_id,
        touches.touched_at

    from with_previous

    inner join touches
        on
            with_previous.person_id = touches.person_id
            and touches.names_source
            and with_previous.mql_at >= touches.touched_at
            and (
                with_previous.previous_ended_at is null
                or touches.touched_at > with_previous.previous_ended_at
            )

    qualify row_number() over (
        partition by with_previous.person_id, with_previous.cycle_number
        order by touches.touched_at desc, touches.touch_id asc
    ) = 1

),

final as (

    select
        with_previous.person_id,
        with_previous.cycle_number,
        case
            when mql_touches.person_id is not null then mql_touches.channel
            else coalesce(first_touches.channel, 'unattributed')
        end as channel,
        case
            when mql_touches.person_id is not null then mql_touches.campaign_id
            else first_touches.campaign_id
        end as campaign_id,
        coalesce(mql_touches.touched_at, first_touches.touched_at) as touched_at,
        with_previous.mql_at,
        with_previous.ended_at

    from with_previous

    left join mql_touches
        on
            with_previous.person_id = mql_touches.person_id
            and with_previous.cycle_number = mql_touches.cycle_number

    left join first_touches
        on with_previous.person_id = first_touches.person_id

)

select * from final
