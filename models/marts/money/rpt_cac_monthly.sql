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

gross_margins as (

    select * from {{ ref('int_gross_margins') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

-- Who subscribes without a win or an order is no customer of a channel.
new_mrr as (

    select
        movements.month,
        movements.new,
        coalesce(customers.channel, 'unattributed') as channel

    from movements

    left join customers
        on movements.account_id = customers.account_id

    where movements.new > 0

),

subscribed as (

    select count(*) as months from movements

),

variant_costs as (

    select
        variants.variant,
        variants.lag_months,
        costs.channel,
        {{ add_months('costs.month', 'variants.lag_months') }} as month,
        sum(costs.amount) as cost,
        sum(coalesce(costs.rates_missing, 0)) as unknown_costs

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

-- New recurring revenue of a channel's customers, beside what winning customers cost (glossary C3).
variant_mrr as (

    select
        variants.variant,
        variants.lag_months,
        new_mrr.channel,
        new_mrr.month,
        sum(new_mrr.new) as new_mrr,
        count(*) as new_mrr_customers

    from new_mrr

    inner join channels
        on new_mrr.channel = channels.channel

    inner join variants
        on channels.is_paid or not variants.is_paid_customers_only

    group by
        variants.variant,
        variants.lag_months,
        new_mrr.channel,
        new_mrr.month

),

parts as (

    select
        variant, lag_months, channel, month, cost, unknown_costs, 0 as new_customers, 0 as new_mrr,
        0 as new_mrr_customers
    from variant_costs

    union all

    select variant, lag_months, channel, month, 0, 0, new_customers, 0, 0
    from variant_customers

    union all

    select variant, lag_months, channel, month, 0, 0, 0, new_mrr, new_mrr_customers
    from variant_mrr

),

joined as (

    select
        month,
        channel,
        variant,
        lag_months,
        -- A cost without an exchange rate is unknown, and so is the sum (0.2).
        case when sum(unknown_costs) = 0 then sum(cost) end as exact_cost,
        sum(new_customers) as new_customers,
        sum(new_mrr) as new_mrr,
        sum(new_mrr_customers) as new_mrr_customers

    from parts

    group by month, channel, variant, lag_months

),

by_channel as (

    select
        month,
        channel,
        variant,
        lag_months,
        {{ money_parts('exact_cost', 'month, variant, lag_months', 'channel') }} as cost,
        new_customers,
        new_mrr,
        new_mrr_customers

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
        case when count(*) = count(cost) then sum(cost) end,
        sum(new_customers),
        sum(new_mrr),
        sum(new_mrr_customers)

    from by_channel

    group by month, variant, lag_months

),

valued as (

    select
        with_total.*,
        case when subscribed.months > 0 then {{ money('with_total.new_mrr') }} end as known_mrr,
        gross_margins.gross_margin,
        cast(with_total.new_mrr as double) * gross_margins.gross_margin as new_margin

    from with_total

    cross join subscribed

    left join gross_margins
        on with_total.month = gross_margins.month

)

select
    valued.channel,
    valued.variant,
    valued.lag_months,
    {{ money('valued.cost') }} as cost,
    cast(valued.new_customers as bigint) as new_customers,
    {{ cost_ratio('valued.cost', 'valued.new_customers') }} as cac,
    valued.cost > 0 and valued.new_customers = 0 as has_spend_without_wins,
    valued.known_mrr as new_mrr,
    case when valued.known_mrr is not null then cast(valued.new_mrr_customers as bigint) end as new_mrr_customers,
    valued.gross_margin,
    case
        when valued.known_mrr is not null and valued.new_margin > 0
            then {{ cost_ratio('valued.cost', 'valued.new_margin') }}
    end as payback_months,
    case
        when valued.known_mrr is not null and valued.cost > 0 and valued.new_margin <= 0 then 'never_pays_back'
    end as payback_reason,
    variants.is_headline,
    valued.month

from valued

cross join settings

inner join variants
    on
        valued.variant = variants.variant
        and valued.lag_months = variants.lag_months

where valued.month <= settings.as_of
