-- One row per deal and product.
select
    opportunity_id,
    product_id,
    max(currency_code) as currency_code,
    cast(count(*) as bigint) as lines,
    cast(sum(quantity) as decimal(18, 4)) as quantity,
    {{ money('sum(list_amount)') }} as list_amount,
    {{ money('sum(amount)') }} as amount,
    {{ money('sum(amount_original)') }} as amount_original,
    {{ money('sum(case when is_discountable then list_amount end)') }} as discountable_list_amount,
    {{ money('sum(case when is_discountable then amount end)') }} as discountable_amount,
    {{ money('sum(case when is_discountable then amount_up_to_list end)') }} as amount_up_to_list,
    max(case when is_list_inferred then 1 else 0 end) = 1 as is_list_inferred,
    min(quoted_date) as quoted_date

from {{ ref('int_opportunity_lines') }}

group by opportunity_id, product_id
