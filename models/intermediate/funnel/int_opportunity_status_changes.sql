-- One row per change of an opportunity between open, won and lost, as its history tells, or
-- its exports compared with each other. A history row is not a stage change: one is written on any
-- change of amount, date or probability.
with

statuses as (

    select * from {{ ref('int_opportunity_history') }}

),

compared as (

    select
        *,
        lag(status) over (partition by opportunity_id order by changed_at, state_id)
            as previous_status

    from statuses

),

changes as (

    select
        opportunity_id,
        status,
        coalesce(previous_status, 'none') as previous_status,
        amount_original,
        is_inferred,
        close_date,
        changed_date,
        changed_at,
        row_number() over (partition by opportunity_id order by changed_at, state_id)
            as change_number

    from compared

    where previous_status is null or status != previous_status

)

select * from changes
