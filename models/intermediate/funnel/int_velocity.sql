-- One row per month and sales rep, and one for all: what the pipeline is worth a day (glossary B6). Open deals are
-- those of the month's last day or of today, the rest is of the trailing days up to it.
with

opportunities as (

    select * from {{ ref('int_opportunities') }}
    where is_funnel and not is_deleted

),

pipeline as (

    select * from {{ ref('int_pipeline_daily') }}
    where is_funnel

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

rep_or_all as (

    select 'rep' as scope

    union all

    select 'all'

),

first_days as (

    select min(coalesce(created_date, close_date)) as first_day
    from opportunities

),

month_ends as (

    select distinct
        {{ month_of('spine.date_day') }} as month,
        least({{ add_days(add_months(month_of('spine.date_day'), 1), -1) }}, settings.as_of) as last_day

    from {{ day_spine('(select first_day from first_days)', '(select as_of from settings)') }} as spine

    cross join settings

),

windows as (

    select
        month_ends.month,
        month_ends.last_day,
        {{ add_days('month_ends.last_day', '-' ~ parameter('velocity', 'trailing_days')) }} as day_before

    from month_ends

    {{ definition_join('velocity', 'velocity', 'month_ends.last_day') }}

),

open_at_end as (

    select
        windows.month,
        {{ rep_or_total('pipeline.sales_rep_id') }} as rep,
        count(*) as open_opportunities,
        sum(coalesce(pipeline.amount, 0)) as open_pipeline,
        count(case when pipeline.amount is null then 1 end) as n_open_no_amount

    from windows

    inner join pipeline
        on windows.last_day = pipeline.date_day

    cross join rep_or_all

    group by
        windows.month,
        {{ rep_or_total('pipeline.sales_rep_id') }}

),

decided as (

    select
        windows.month,
        {{ rep_or_total('opportunities.sales_rep_id') }}
            as rep,
        count(case when opportunities.status = 'won' then 1 end) as won,
        count(*) as decided,
        count(case when opportunities.status = 'won' and opportunities.acv > 0 then 1 end) as deals_sized,
        sum(case when opportunities.status = 'won' and opportunities.acv > 0 then opportunities.acv end)
            as deal_size_sum,
        count(opportunities.sales_cycle_days) as cycles,
        sum(opportunities.sales_cycle_days) as cycle_days

    from windows

    inner join opportunities
        on opportunities.close_date > windows.day_before and opportunities.close_date <= windows.last_day

    cross join rep_or_all

    where
        opportunities.status = 'won'
        or (opportunities.status = 'lost' and not opportunities.is_loss_excluded)

    group by
        windows.month,
        {{ rep_or_total('opportunities.sales_rep_id') }}

),

keys as (

    select month, rep from open_at_end

    union

    select month, rep from decided

),

inputs as (

    select
        keys.month,
        keys.rep,
        coalesce(open_at_end.open_opportunities, 0) as open_opportunities,
        coalesce(open_at_end.open_pipeline, 0) as open_pipeline,
        coalesce(open_at_end.n_open_no_amount, 0) as n_open_no_amount,
        coalesce(decided.won, 0) as trailing_won,
        coalesce(decided.decided, 0) as trailing_decided,
        {{ ratio('decided.won', 'decided.decided') }} as trailing_win_rate,
        {{ ratio('decided.deal_size_sum', 'decided.deals_sized') }} as trailing_deal_size,
        {{ ratio('decided.cycle_days', 'decided.cycles') }} as trailing_cycle_days

    from keys

    left join open_at_end
        on keys.month = open_at_end.month and keys.rep = open_at_end.rep

    left join decided
        on keys.month = decided.month and keys.rep = decided.rep

),

velocity as (

    select
        *,
        {{ ratio('open_opportunities * trailing_win_rate * trailing_deal_size', 'trailing_cycle_days') }}
            as velocity_per_day

    from inputs

)

select * from velocity
