{{ config(materialized='table') }}

-- One row per open deal and day, as it stood at the end of that day (glossary B7).
with

states as (

    select * from {{ ref('int_opportunity_states') }}

),

owners as (

    select * from {{ ref('int_opportunity_owners') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

forecast_categories as (

    select * from {{ source('definitions', 'forecast_categories') }}

),

settings as (

    select as_of from {{ ref('stg_plumbline__settings') }}

),

-- A state that does not last until the end of its day is in no snapshot.
day_states as (

    select
        *,
        lead(status) over (partition by opportunity_id order by state_number) as next_status,
        row_number() over (partition by opportunity_id order by state_number) = 1 as is_first_state

    from states

    where from_date < to_date

),

days as (

    select spine.date_day
    from {{ day_spine('(select min(from_date) from day_states)', '(select max(as_of) from settings)') }} as spine
    cross join settings
    where spine.date_day <= settings.as_of

),

open_days as (

    select
        days.date_day,
        day_states.*,
        case when days.date_day = {{ add_days('day_states.to_date', -1) }} then day_states.next_status else 'open' end
            as next_day_status,
        day_states.is_first_state and days.date_day = day_states.from_date as is_first_day

    from day_states

    inner join days
        on days.date_day >= day_states.from_date and days.date_day < day_states.to_date

    where day_states.status = 'open'

),

-- Open pipeline is worth what the day's rate makes it (glossary 0.6).
valued as (

    select
        open_days.date_day,
        open_days.opportunity_id,
        coalesce(owners.sales_rep_id, open_days.sales_rep_id) as sales_rep_id,
        open_days.stage_name as stage,
        open_days.kind,
        open_days.currency_code,
        coalesce(
            forecast_categories.forecast_category,
            case
                when lower(open_days.forecast_category) in ('commit', 'best_case', 'pipeline', 'omitted', 'closed')
                    then lower(open_days.forecast_category)
                when open_days.forecast_category is not null then 'unmapped'
            end
        ) as forecast_category,
        coalesce(open_days.next_day_status, 'open') as next_day_status,
        open_days.amount_original,
        exchange_rates.rate as fx_rate,
        {{ money('open_days.amount_original * exchange_rates.rate') }} as amount,
        open_days.probability,
        open_days.is_funnel,
        open_days.is_inferred,
        open_days.is_first_day,
        open_days.expected_close_date

    from open_days

    left join owners
        on
            open_days.opportunity_id = owners.opportunity_id
            and open_days.date_day >= owners.from_date
            and open_days.date_day < owners.to_date

    left join exchange_rates
        on
            open_days.currency_code = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'open_days.date_day') }}

    left join forecast_categories
        on
            open_days.source_system = forecast_categories.source_system
            and lower(open_days.forecast_category) = lower(forecast_categories.source_category)
            and {{ in_force('forecast_categories', 'open_days.date_day') }}

),

weighted as (

    select
        *,
        {{ money('amount * probability * cast(0.01 as decimal(3, 2))') }} as weighted_amount

    from valued

)

select * from weighted
