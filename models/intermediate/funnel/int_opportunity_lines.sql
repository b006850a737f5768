{{ config(materialized='table') }}

-- One row per product line of a deal that was not deleted, in the reporting currency. Where the line does not
-- say what it would cost by list, the price list of the day of the quote does (glossary C8).
with

lines as (

    select * from {{ ref('int_opportunity_lines_unioned') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

product_names as (

    select * from {{ ref('int_product_names') }}

),

product_prices as (

    select * from {{ ref('int_product_prices') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

of_deals as (

    select
        lines.opportunity_id,
        lines.line_id,
        coalesce(product_names.product_id, lines.product_text, 'unattributed') as product_id,
        opportunities.sales_rep_id,
        opportunities.status,
        opportunities.kind,
        opportunities.currency_code,
        lines.quantity,
        lines.list_amount_original,
        lines.amount_original,
        opportunities.fx_rate,
        opportunities.fx_date,
        opportunities.close_date,
        coalesce(
            {{ local_date('lines.quoted_at', 'settings.reporting_timezone') }}, opportunities.created_date
        ) as quoted_date

    from lines

    cross join settings

    inner join opportunities
        on lines.opportunity_id = opportunities.opportunity_id

    left join product_names
        on lower(lines.product_text) = product_names.product_text

    where not opportunities.is_deleted

),

valued as (

    select
        of_deals.opportunity_id,
        of_deals.line_id,
        of_deals.product_id,
        of_deals.sales_rep_id,
        of_deals.status,
        of_deals.kind,
        of_deals.currency_code,
        of_deals.quantity,
        of_deals.amount_original,
        {{ money('of_deals.amount_original * of_deals.fx_rate') }} as amount,
        case
            when of_deals.list_amount_original is not null
                then {{ money('of_deals.list_amount_original * of_deals.fx_rate') }}
            else cast(
                cast(of_deals.quantity * product_prices.list_price as decimal(18, 2)) * exchange_rates.rate
                as decimal(18, 2)
            )
        end as list_amount,
        of_deals.list_amount_original is null and product_prices.list_price is not null as is_list_inferred,
        of_deals.quoted_date,
        of_deals.close_date

    from of_deals

    left join product_prices
        on
            of_deals.product_id = product_prices.product_id
            and {{ in_force('product_prices', 'of_deals.quoted_date') }}

    left join exchange_rates
        on
            product_prices.currency_code = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'of_deals.fx_date') }}

),

final as (

    select
        *,
        -- A line for nothing by list has no discount, nor one of which either side is unknown.
        coalesce(list_amount > 0 and amount is not null, false) as is_discountable,
        case when list_amount > 0 then least(amount, list_amount) end as amount_up_to_list

    from valued

)

select * from final
