-- One row per deal and movement of the pipeline that is due in the fiscal quarter that runs, from the snapshot of
-- the quarter's first day to that of its last. What a day changes is the difference of two snapshots, so that
-- opening and movements add up to closing.
with

pipeline as (

    select * from {{ ref('int_pipeline_daily') }}
    where is_funnel

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

quarter_days as (

    select
        pipeline.*,
        settings.as_of,
        {{ fiscal_quarter_start(month_of('pipeline.date_day'), 'settings.fiscal_year_start_month') }} as quarter_start

    from pipeline

    cross join settings

),

quarters as (

    select
        *,
        {{ add_days(add_months('quarter_start', 3), -1) }} as quarter_end,
        expected_close_date between quarter_start and {{ add_days(add_months('quarter_start', 3), -1) }} as is_due

    from quarter_days

),

days as (

    select
        opportunity_id,
        quarter_start,
        least(quarter_end, as_of) as last_day,
        date_day,
        next_day_status,
        coalesce(is_due, false) as is_due,
        coalesce(amount, 0) as amount,
        is_first_day,
        -- What yesterday's amount is worth today.
        coalesce({{ money('lag(amount_original) over deal * fx_rate') }}, lag(amount) over deal, 0) as previous_at_rate,
        coalesce(lag(amount) over deal, 0) as previous_amount,
        coalesce(lag(is_due) over deal, false) as was_due,
        coalesce(lag(date_day) over deal = {{ add_days('date_day', -1) }}, false) as was_open

    from quarters

    window deal as (partition by opportunity_id order by date_day)

),

entries as (

    select
        *,
        case
            when date_day = quarter_start then 'opening'
            when not was_open and is_first_day then 'created'
            when not was_open then 'reopened'
            when not was_due then 'pulled_in'
        end as movement

    from days

    where is_due

),

movements as (

    select opportunity_id, quarter_start, movement, date_day, amount
    from entries
    where movement is not null

    union all

    select opportunity_id, quarter_start, 'closing', date_day, amount
    from days
    where is_due and date_day = last_day

    union all

    select
        opportunity_id,
        quarter_start,
        case when amount > previous_at_rate then 'increased' else 'decreased' end,
        date_day,
        amount - previous_at_rate
    from entries
    where movement is null and amount != previous_at_rate

    union all

    select opportunity_id, quarter_start, 'fx', date_day, previous_at_rate - previous_amount
    from entries
    where movement is null and previous_at_rate != previous_amount

    union all

    select opportunity_id, quarter_start, 'pushed_out', date_day, -previous_amount
    from days
    where was_open and was_due and not is_due and date_day > quarter_start

    union all

    select opportunity_id, quarter_start, next_day_status, {{ add_days('date_day', 1) }}, -amount
    from days
    where is_due and date_day < last_day and next_day_status != 'open'

)

select * from movements
