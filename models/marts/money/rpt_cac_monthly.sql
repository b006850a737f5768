-- One row per month of the wins, channel (and all), variant and lag (glossary C2). Rows of different
-- variants or lags are never summed.
with

costs as (

    select * from {{ ref('int_costs') }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

channels as (

    select * from {{ source('definitions', 'channels') }}

),

cost_types as (

    select * from {{ source('definitions', 'cac_cost_types') }}

),

variants as (

    select * from {{ source('definitions', 'cac_variants') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

variant_costs as (

    select
        variants.variant,
        variants.lag_months,
        costs.channel,
        {{ add_months('costs.month', 'variants.lag_months') }} as month,
        sum(costs.amount) as cost

    from costs

    inner join channels
        on costs.channel = channels.channel

    inner join cost_types
        on
            costs.cost_type = cost_types.cost_type
            and (channels.is_paid or not cost_types.is_paid_channels_only)
            and {{ in_force('cost_types', 'costs.month') }}

    inner join variants
        on cost_types.variant = variants.variant

    group by
        variants.variant,
        variants.lag_months,
        costs.channel,
        {{ add_months('costs.month', 'variants.lag_months') }}

),

variant_customers as (

    select
        variants.variant,
        variants.lag_months,
        customers.channel,
        {{ month_of('customers.became_customer_date') }} as month,
        count(*) as new_customers

    from customers

    inner join channels
        on customers.channel = channels.channel

    inner join variants
        on channels.is_paid or not variants.is_paid_customers_only

    group by
        variants.variant,
        variants.lag_months,
        customers.channel,
        {{ month_of('customers.became_customer_date') }}

),

joined as (

    select
        coalesce(variant_costs.month, variant_customers.month) as month,
        coalesce(variant_costs.channel, variant_customers.channel) as channel,
        coalesce(variant_costs.variant, variant_customers.variant) as variant,
        coalesce(variant_costs.lag_months, variant_customers.lag_months) as lag_months,
        coalesce(variant_costs.cost, 0) as exact_cost,
        coalesce(variant_customers.new_customers, 0) as new_customers

    from variant_costs

    full outer join variant_customers
        on
            variant_costs.month = variant_customers.month
            and variant_costs.channel = variant_customers.channel
            and variant_costs.variant = variant_customers.variant
            and variant_costs.lag_months = variant_customers.lag_months

),

by_channel as (

    select
        month,
        channel,
        variant,
        lag_months,
        {{ money_parts('exact_cost', 'month, variant, lag_months', 'channel') }} as cost,
        new_customers

    from joined

),

with_total as (

    select * from by_channel

    union all

    select
        month,
        'all',
        variant,
        lag_months,
        sum(cost),
        sum(new_customers)

    from by_channel

    group by month, variant, lag_months

)

select
    with_total.channel,
    with_total.variant,
    with_total.lag_months,
    {{ money('with_total.cost') }} as cost,
    cast(with_total.new_customers as bigint) as new_customers,
    {{ cost_ratio('with_total.cost', 'with_total.new_customers') }} as cac,
    with_total.cost > 0 and with_total.new_customers = 0 as has_spend_without_wins,
    variants.is_headline,
    with_total.month

from with_total

cross join settings

inner join variants
    on
        with_total.variant = variants.variant
        and with_total.lag_months = variants.lag_months

where with_total.month <= settings.as_of
