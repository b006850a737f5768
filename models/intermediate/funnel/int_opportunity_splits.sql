{{ config(materialized='table') }}

-- One row per deal, sales rep and type of split. The revenue splits of a deal are the whole of it: a deal
-- without any is its owner's, a refund without any is shared as its booking was. Overlays stand apart.
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

salesforce_splits as (

    select * from {{ ref('int_salesforce_splits') }}

),

salesforce_split_types as (

    select * from {{ ref('int_salesforce_split_types') }}

),

generic_splits as (

    select * from {{ ref('stg_generic__opportunity_splits') }}

),

-- A type that no list knows is revenue where its parts are the whole of the deal.
salesforce_typed as (

    select
        salesforce_splits.opportunity_id,
        salesforce_splits.owner_id,
        salesforce_splits.percentage,
        coalesce(
            salesforce_split_types.is_total_validated,
            sum(salesforce_splits.percentage) over (
                partition by salesforce_splits.opportunity_id, salesforce_splits.split_type_id
            ) = 100
        ) as is_revenue

    from salesforce_splits

    left join salesforce_split_types
        on left(salesforce_splits.split_type_id, 15) = left(salesforce_split_types.split_type_id, 15)

    where not salesforce_splits.is_deleted and salesforce_splits.percentage > 0

),

unioned as (

    select
        'salesforce:' || opportunity_id as opportunity_id,
        'salesforce:' || owner_id as sales_rep_id,
        case when is_revenue then 'revenue' else 'overlay' end as split_type,
        cast(percentage * cast(0.01 as decimal(3, 2)) as decimal(18, 10)) as share

    from salesforce_typed

    union all

    select
        source_system || ':' || opportunity_id,
        source_system || ':' || sales_rep_id,
        split_type,
        share

    from generic_splits

    where deleted_at is null and share > 0

),

stated as (

    select
        opportunity_id,
        sales_rep_id,
        split_type,
        cast(sum(share) as decimal(18, 10)) as share

    from unioned

    group by opportunity_id, sales_rep_id, split_type

),

-- Parts that are not the whole are taken for their weight.
revenue_weights as (

    select
        opportunity_id,
        sales_rep_id,
        {{ ratio('share', 'sum(share) over (partition by opportunity_id)') }} as proportion

    from stated

    where split_type = 'revenue'

),

revenue_shares as (

    select
        opportunity_id,
        sales_rep_id,
        {{ exact_shares('proportion', 'opportunity_id', 'sales_rep_id') }} as share

    from revenue_weights

),

shared_deals as (

    select distinct opportunity_id from revenue_shares

),

deals as (

    select
        opportunities.opportunity_id,
        opportunities.sales_rep_id as owner_id,
        opportunities.amount,
        case
            when own.opportunity_id is not null or originals.opportunity_id is null then opportunities.opportunity_id
            else originals.opportunity_id
        end as shared_as_id

    from opportunities

    left join shared_deals as own
        on opportunities.opportunity_id = own.opportunity_id

    left join shared_deals as originals
        on
            opportunities.original_opportunity_id = originals.opportunity_id
            and opportunities.kind = 'refund'

    where not opportunities.is_deleted

),

revenue as (

    select
        deals.opportunity_id,
        coalesce(revenue_shares.sales_rep_id, deals.owner_id, 'unattributed') as sales_rep_id,
        'revenue' as split_type,
        revenue_shares.opportunity_id is null as is_inferred,
        coalesce(revenue_shares.share, cast(1 as decimal(18, 10))) as share,
        deals.amount

    from deals

    left join revenue_shares
        on deals.shared_as_id = revenue_shares.opportunity_id

),

final as (

    select
        opportunity_id,
        sales_rep_id,
        split_type,
        is_inferred,
        share,
        {{ money_split('amount', 'share', 'opportunity_id', 'sales_rep_id') }} as amount

    from revenue

    union all

    select
        stated.opportunity_id,
        stated.sales_rep_id,
        'overlay',
        false,
        stated.share,
        {{ money('deals.amount * stated.share') }}

    from stated

    inner join deals
        on stated.opportunity_id = deals.opportunity_id

    where stated.split_type = 'overlay'

)

select * from final
