-- One row per experiment that was agreed: what it cost, as it was agreed, else what its campaign did in the
-- months in which it ran (glossary C17).
with

experiments as (

    select * from {{ source('definitions', 'experiments') }}

),

campaign_costs as (

    select * from {{ ref('int_campaign_costs') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

in_use as (

    select
        experiments.*,
        coalesce(experiments.currency_code, settings.reporting_currency) as spend_currency,
        settings.as_of > experiments.ends_on as is_complete

    from experiments

    cross join settings

    where {{ in_force('experiments', 'experiments.starts_on') }} and experiments.starts_on <= settings.as_of

),

costs as (

    select
        in_use.experiment,
        {{ money('sum(campaign_costs.spend)') }} as spend

    from in_use

    inner join campaign_costs
        on
            in_use.campaign_id = campaign_costs.campaign_id
            and campaign_costs.month between {{ month_of('in_use.starts_on') }} and in_use.ends_on

    group by in_use.experiment

),

final as (

    select
        in_use.experiment,
        in_use.campaign_id,
        in_use.conversion_stage,
        in_use.starts_on,
        in_use.ends_on,
        in_use.is_complete,
        case
            when in_use.spend is not null then {{ money('in_use.spend * exchange_rates.rate') }}
            else costs.spend
        end as spend

    from in_use

    left join costs
        on in_use.experiment = costs.experiment

    left join exchange_rates
        on
            in_use.spend_currency = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'in_use.starts_on') }}

)

select * from final
