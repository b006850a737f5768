-- One row per month and sales rep, and one for all (glossary B4, B5). Each number by its own date.
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

bookings as (

    select * from {{ ref('int_bookings') }}

),

targets as (

    select * from {{ ref('int_targets') }}

),

sales_reps as (

    select * from {{ ref('dim_sales_rep') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- Medians do not add up: every deal counts once for its rep and once for all.
rep_or_all as (

    select 'rep' as scope

    union all

    select 'all'

),

deals as (

    select
        opportunities.*,
        case
            when rep_or_all.scope = 'all' then 'all'
            else coalesce(opportunities.sales_rep_id, 'unattributed')
        end as rep

    from opportunities

    cross join rep_or_all

    where opportunities.is_funnel and not opportunities.is_deleted

),

created as (

    select
        {{ month_of('created_date') }} as month,
        rep,
        count(*) as opportunities_created,
        sum(acv) as pipeline_created,
        count(case when acv is null then 1 end) as n_no_acv,
        count(case when status = 'won' then 1 end) as cohort_won,
        count(case when status = 'won' or (status = 'lost' and not is_loss_excluded) then 1 end)
            as cohort_decided

    from deals

    where created_date is not null

    group by {{ month_of('created_date') }}, rep

),

closed as (

    select
        {{ month_of('close_date') }} as month,
        rep,
        count(case when status = 'won' then 1 end) as won,
        count(case when status = 'lost' and not is_loss_excluded then 1 end) as lost,
        count(case when is_loss_excluded then 1 end) as lost_excluded,
        sum(case when status = 'won' then amount else 0 end) as won_amount,
        sum(case when status = 'lost' and not is_loss_excluded then amount else 0 end) as lost_amount,
        count(case when amount is null and not is_loss_excluded then 1 end) as n_no_amount,
        count(case when status = 'won' and acv > 0 then 1 end) as deals_sized,
        sum(case when status = 'won' and acv > 0 then acv end) as deal_size_sum,
        {{ percentile("case when status = 'won' and acv > 0 then acv end", 0.5) }} as median_deal_size,
        count(sales_cycle_days) as cycles,
        {{ percentile('sales_cycle_days', 0.5) }} as cycle_median_days,
        avg(cast(sales_cycle_days as double)) as cycle_mean_days,
        {{ percentile('sales_cycle_days', 0.9) }} as cycle_p90_days,
        count(case when status = 'won' and has_date_issue then 1 end) as date_issues

    from deals

    where
        status = 'lost'
        or (status = 'won' and coalesce(amount_original, 0) >= 0)

    group by {{ month_of('close_date') }}, rep

),

booking_events as (

    select
        {{ month_of('bookings.event_date') }} as month,
        case
            when rep_or_all.scope = 'all' then 'all'
            else coalesce(bookings.sales_rep_id, 'unattributed')
        end as rep,
        bookings.kind,
        bookings.amount

    from bookings

    cross join rep_or_all

),

booked as (

    select
        month,
        rep,
        sum(amount) as net_bookings,
        sum(case when kind != 'renewal' then amount else 0 end) as new_bookings

    from booking_events

    group by month, rep

),

rep_quotas as (

    select
        targets.month,
        coalesce(sales_reps.sales_rep_id, targets.sales_rep_id) as rep,
        targets.target as quota

    from targets

    left join sales_reps
        on
            targets.sales_rep_id = sales_reps.sales_rep_id
            or targets.sales_rep_id = split_part(sales_reps.sales_rep_id, ':', 2)
            or targets.sales_rep_id = sales_reps.sales_rep

    where targets.metric = 'quota'

),

-- The team's quota is the one that was set for it, else the sum of its reps'.
quotas as (

    select month, rep, quota from rep_quotas

    union all

    select month, 'all', sum(quota)
    from rep_quotas
    group by month
    having count(case when rep = 'all' then 1 end) = 0

),

keys as (

    select month, rep from created

    union

    select month, rep from closed

    union

    select month, rep from booked

    union

    -- The quota of a month to come is no result yet.
    select quotas.month, quotas.rep
    from quotas
    inner join settings
        on quotas.month <= settings.as_of

)

select
    keys.rep as sales_rep_id,
    coalesce(sales_reps.sales_rep, keys.rep) as sales_rep,
    coalesce(created.opportunities_created, 0) as opportunities_created,
    coalesce(created.n_no_acv, 0) as n_no_acv,
    coalesce(closed.won, 0) as won,
    coalesce(closed.lost, 0) as lost,
    coalesce(closed.lost_excluded, 0) as lost_excluded,
    coalesce(closed.n_no_amount, 0) as n_no_amount,
    coalesce(closed.deals_sized, 0) as deals_sized,
    coalesce(closed.cycles, 0) as cycles,
    coalesce(closed.date_issues, 0) as date_issues,
    {{ money('coalesce(created.pipeline_created, 0)') }} as pipeline_created,
    {{ money('coalesce(closed.won_amount, 0)') }} as won_amount,
    {{ money('coalesce(closed.lost_amount, 0)') }} as lost_amount,
    {{ money('coalesce(booked.new_bookings, 0)') }} as new_bookings,
    {{ money('coalesce(booked.net_bookings, 0)') }} as net_bookings,
    {{ ratio('closed.won', 'closed.won + closed.lost') }} as win_rate,
    {{ ratio('closed.won_amount', 'closed.won_amount + closed.lost_amount') }} as win_rate_value,
    coalesce(created.cohort_won, 0) as cohort_won,
    coalesce(created.cohort_decided, 0) as cohort_decided,
    {{ ratio('created.cohort_won', 'created.cohort_decided') }} as win_rate_cohort,
    {{ ratio('closed.deal_size_sum', 'closed.deals_sized') }} as average_deal_size,
    closed.median_deal_size,
    closed.cycle_median_days,
    closed.cycle_mean_days,
    closed.cycle_p90_days,
    {{ money('quotas.quota') }} as quota,
    {{ ratio('coalesce(booked.new_bookings, 0)', 'quotas.quota') }} as attainment,
    keys.month

from keys

left join created
    on keys.month = created.month and keys.rep = created.rep

left join closed
    on keys.month = closed.month and keys.rep = closed.rep

left join booked
    on keys.month = booked.month and keys.rep = booked.rep

left join quotas
    on keys.month = quotas.month and keys.rep = quotas.rep

left join sales_reps
    on keys.rep = sales_reps.sales_rep_id

where keys.month is not null
