{{ config(materialized='table') }}

-- One row per month and currency: the one rate at which recurring revenue is counted all through the month's
-- fiscal year, so that a moving rate is no growth (glossary 0.6). Months run from the first subscription to today.
with

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

bounds as (

    select
        {{ month_of('min(subscriptions.start_date)') }} as first_month,
        {{ month_of('max(settings.as_of)') }} as last_month

    from subscriptions

    inner join settings
        on subscriptions.start_date <= settings.as_of

),

months as (

    select
        spine.date_day as month,
        {{ fiscal_year_start('spine.date_day', 'settings.fiscal_year_start_month') }} as fiscal_year_start

    from {{ day_spine('(select first_month from bounds)', '(select last_month from bounds)') }} as spine

    cross join settings

    where extract(day from spine.date_day) = 1

),

currencies as (

    select distinct currency_code from subscriptions

),

final as (

    select
        months.month,
        currencies.currency_code,
        exchange_rates.rate

    from months

    cross join currencies

    left join exchange_rates
        on
            currencies.currency_code = exchange_rates.currency_code
            and exchange_rates.valid_to > months.fiscal_year_start
            and exchange_rates.valid_from < {{ add_months('months.fiscal_year_start', 12) }}

    -- The rate of the year's first day; of a year whose first days have none, the first that is known.
    qualify row_number() over (
        partition by months.month, currencies.currency_code
        order by exchange_rates.valid_from asc
    ) = 1

)

select * from final
