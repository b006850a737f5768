-- One row per fiscal quarter and sales rep, and one for all (glossary B16).
with

attainment as (

    select * from {{ ref('int_rep_attainment') }}

),

sales_reps as (

    select * from {{ ref('dim_sales_rep') }}

),

days as (

    select * from {{ ref('dim_date') }}

),

quarters as (

    select
        fiscal_quarter_start as quarter_start,
        max(fiscal_year) as fiscal_year,
        max(fiscal_quarter) as fiscal_quarter

    from days

    group by fiscal_quarter_start

)

select
    attainment.rep as sales_rep_id,
    coalesce(sales_reps.sales_rep, attainment.rep) as sales_rep,
    quarters.fiscal_year,
    quarters.fiscal_quarter,
    cast(attainment.tenure_months as integer) as tenure_months,
    attainment.ramp_share,
    {{ money('attainment.full_quota') }} as full_quota,
    {{ money('attainment.quota') }} as quota,
    {{ money('attainment.credited_bookings') }} as credited_bookings,
    attainment.attainment,
    {{ money('attainment.bonus') }} as bonus,
    cast(attainment.time_to_first_full_month as integer) as time_to_first_full_month,
    cast(attainment.reps_with_quota as bigint) as reps_with_quota,
    cast(attainment.reps_at_quota as bigint) as reps_at_quota,
    attainment.share_at_quota,
    attainment.is_complete,
    attainment.quarter_start,
    attainment.quarter_end

from attainment

left join quarters
    on attainment.quarter_start = quarters.quarter_start

left join sales_reps
    on attainment.rep = sales_reps.sales_rep_id
