{# The sales rep of a row, or `all` in the copy of it that a cross join with `rep_or_all` makes for the total. #}
{% macro rep_or_total(sales_rep_id) -%}
    case when rep_or_all.scope = 'all' then 'all' else coalesce({{ sales_rep_id }}, 'unattributed') end
{%- endmacro %}
