-- One row per fiscal quarter and sales rep with a quota or bookings, and one for all (glossary B16).
with

quotas as (

    select * from {{ ref('int_quotas') }}
    where sales_rep_id != 'all'

),

bookings as (

    select * from {{ ref('int_bookings') }}
    where kind != 'renewal'

),

sales_reps as (

    select * from {{ ref('int_sales_reps') }}

),

quota_ramps as (

    select * from {{ source('definitions', 'quota_ramps') }}

),

commission_rates as (

    select * from {{ source('definitions', 'commission_rates') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

booked as (

    select
        coalesce(sales_rep_id, 'unattributed') as rep,
        {{ month_of('event_date') }} as month,
        sum(amount) as credited_bookings

    from bookings

    group by coalesce(sales_rep_id, 'unattributed'), {{ month_of('event_date') }}

),

keys as (

    select sales_rep_id as rep, month
    from quotas

    union

    select rep, month
    from booked

),

months as (

    select
        keys.rep,
        keys.month,
        sales_reps.team,
        {{ month_of('sales_reps.started_on') }} as start_month,
        quotas.quota,
        quotas.quota_exact,
        coalesce(booked.credited_bookings, 0) as credited_bookings,
        {{ fiscal_quarter_start('keys.month', 'settings.fiscal_year_start_month') }} as quarter_start,
        {{ month_of('settings.as_of') }} as as_of_month,
        -- Months since the month of the start, which is 0.
        (extract(year from keys.month) - extract(year from sales_reps.started_on)) * 12
        + extract(month from keys.month) - extract(month from sales_reps.started_on) as tenure_month

    from keys

    cross join settings

    left join quotas
        on keys.rep = quotas.sales_rep_id and keys.month = quotas.month

    left join booked
        on keys.rep = booked.rep and keys.month = booked.month

    left join sales_reps
        on keys.rep = sales_reps.sales_rep_id

),

-- The first month in which the whole quota was met, of somebody who is not new any more or already is that good.
first_full_months as (

    select
        rep,
        min(month) as full_month,
        min(tenure_month) as time_to_first_full_month

    from months

    where
        quota > 0 and credited_bookings >= quota
        and month >= start_month and month <= as_of_month

    group by rep

),

ramped as (

    select
        months.*,
        coalesce(quota_ramps.ramp_share, 1) as ramp_share

    from months

    left join quota_ramps
        on
            months.tenure_month = quota_ramps.tenure_month
            and {{ in_force('quota_ramps', 'months.month') }}

    where months.quarter_start <= months.as_of_month

),

quarters as (

    select
        rep,
        quarter_start,
        {{ add_days(add_months('quarter_start', 3), -1) }} as quarter_end,
        max(team) as team,
        max(start_month) as start_month,
        least(max(as_of_month), {{ add_months('quarter_start', 2) }}) as last_month,
        {{ money('sum(quota_exact)') }} as full_quota,
        {{ money('sum(quota_exact * ramp_share)') }} as quota,
        sum(credited_bookings) as credited_bookings

    from ramped

    group by rep, quarter_start

),

judged as (

    select
        quarters.*,
        case
            when first_full_months.full_month <= quarters.last_month
                then first_full_months.time_to_first_full_month
        end as time_to_first_full_month,
        (extract(year from quarters.last_month) - extract(year from quarters.start_month)) * 12
        + extract(month from quarters.last_month) - extract(month from quarters.start_month) as tenure_months,
        case
            when quarters.quota > 0
                then {{ money(
                    'coalesce(team_rates.rate, all_rates.rate) * least(quarters.credited_bookings, quarters.quota)'
                    ~ ' + coalesce(team_rates.accelerator, all_rates.accelerator)'
                    ~ ' * greatest(quarters.credited_bookings - quarters.quota, 0)'
                ) }}
        end as bonus

    from quarters

    left join first_full_months
        on quarters.rep = first_full_months.rep

    left join commission_rates as team_rates
        on
            quarters.team = team_rates.team
            and {{ in_force('team_rates', 'quarters.quarter_end') }}

    left join commission_rates as all_rates
        on
            all_rates.team = 'all'
            and {{ in_force('all_rates', 'quarters.quarter_end') }}

),

totals as (

    select
        quarter_start,
        quarter_end,
        rep,
        tenure_months,
        full_quota,
        quota,
        credited_bookings,
        bonus,
        time_to_first_full_month,
        case when quota > 0 then 1 else 0 end as reps_with_quota,
        case when quota > 0 and credited_bookings >= quota then 1 else 0 end as reps_at_quota
    from judged

    union all

    select
        quarter_start,
        quarter_end,
        'all',
        null,
        sum(full_quota),
        sum(quota),
        sum(credited_bookings),
        sum(bonus),
        null,
        count(case when quota > 0 then 1 end),
        count(case when quota > 0 and credited_bookings >= quota then 1 end)
    from judged
    group by quarter_start, quarter_end

),

attainment as (

    select
        totals.*,
        {{ ratio('quota', 'full_quota') }} as ramp_share,
        {{ ratio('credited_bookings', 'quota') }} as attainment,
        {{ ratio('reps_at_quota', 'reps_with_quota') }} as share_at_quota,
        totals.quarter_end <= settings.as_of as is_complete

    from totals

    cross join settings

)

select * from attainment
