-- One row per currency and range of days: units of the reporting currency for one unit (glossary 0.6).
with

exchange_rates as (

    select * from {{ source('definitions', 'exchange_rates') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

rates as (

    select
        exchange_rates.currency_code,
        exchange_rates.rate,
        exchange_rates.valid_from,
        exchange_rates.valid_to

    from exchange_rates

    cross join settings

    where exchange_rates.currency_code != settings.reporting_currency

    union all

    select
        reporting_currency,
        cast(1 as decimal(18, 8)),
        date '0001-01-01',
        date '9999-12-31'

    from settings

)

select * from rates
