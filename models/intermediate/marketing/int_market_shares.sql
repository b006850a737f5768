-- One row per period of whole months whose market size is known: our own revenue in it, once it is over. It
-- is told in the last month of the period; of two periods that end there the shorter (glossary C16).
with

revenue as (

    select * from {{ ref('int_revenue') }}

),

market_sizes as (

    select * from {{ source('definitions', 'market_sizes') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

periods as (

    select
        market_sizes.valid_from as period_start,
        market_sizes.valid_to as period_end,
        {{ add_months('market_sizes.valid_to', -1) }} as month,
        market_sizes.market_size

    from market_sizes

    cross join settings

    where
        market_sizes.valid_to <= {{ add_days('settings.as_of', 1) }}
        and market_sizes.currency_code = settings.reporting_currency

    qualify row_number() over (
        partition by market_sizes.valid_to
        order by market_sizes.valid_from desc, market_sizes.version desc
    ) = 1

),

-- A line in a currency without a rate makes the whole sum unknown.
shares as (

    select
        periods.month,
        periods.market_size,
        case
            when count(revenue.order_id) = count(revenue.revenue) then coalesce(sum(revenue.revenue), 0)
        end as market_revenue

    from periods

    left join revenue
        on revenue.date_day >= periods.period_start and revenue.date_day < periods.period_end

    group by periods.month, periods.market_size

)

select
    month,
    {{ money('market_size') }} as market_size,
    {{ money('market_revenue') }} as market_revenue

from shares
