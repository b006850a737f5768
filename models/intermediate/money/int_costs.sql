{{ config(materialized='table') }}

-- One row per month, channel, campaign and type of cost. Media comes from ad spend alone: a ledger that
-- repeats it is left out here and shown in rpt_reconciliation.
with

ledger as (

    select * from {{ ref('stg_generic__costs') }}

),

ad_performance as (

    select * from {{ ref('int_ad_performance_daily') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

ledger_channels as (

    select
        {{ month_of('ledger.month') }} as month,
        {{ channel_of('ledger.channel') }} as channel,
        ledger.campaign,
        lower(ledger.cost_type) as cost_type,
        coalesce(ledger.currency_code, settings.reporting_currency) as currency_code,
        ledger.amount as amount_original,
        ledger.month as fx_date

    from ledger

    cross join settings

    {{ channel_joins("'generic'", 'ledger.channel', 'ledger.month') }}

),

ledger_costs as (

    select
        ledger_channels.month,
        ledger_channels.channel,
        ledger_channels.campaign as campaign_id,
        ledger_channels.cost_type,
        {{ money('ledger_channels.amount_original * exchange_rates.rate') }} as amount,
        exchange_rates.rate is null as is_rate_missing

    from ledger_channels

    left join exchange_rates
        on
            ledger_channels.currency_code = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'ledger_channels.fx_date') }}

    where ledger_channels.cost_type != 'media'

),

media as (

    select
        {{ month_of('ad_performance.date_day') }} as month,
        ad_performance.channel,
        ad_performance.campaign_id,
        'media' as cost_type,
        ad_performance.spend as amount,
        ad_performance.spend is null as is_rate_missing

    from ad_performance

    -- A report may state no spend: that is no cost, and lacks no rate.
    where coalesce(ad_performance.spend, ad_performance.spend_original) is not null

),

costs as (

    select * from ledger_costs

    union all

    select * from media

),

summed as (

    select
        month,
        channel,
        coalesce(campaign_id, '') as campaign_id,
        cost_type,
        cast(sum(amount) as decimal(18, 6)) as amount,
        sum(case when is_rate_missing then 1 else 0 end) as rates_missing

    from costs

    group by month, channel, coalesce(campaign_id, ''), cost_type

)

select * from summed
