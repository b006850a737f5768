{# The distinct texts of a group, sorted and joined. #}
{% macro text_list(value, separator) -%}
    {{ adapter.dispatch('text_list')(value, separator) }}
{%- endmacro %}

{% macro duckdb__text_list(value, separator) -%}
    array_to_string(list_sort(list(distinct {{ value }})), '{{ separator }}')
{%- endmacro %}

{% macro spark__text_list(value, separator) -%}
    array_join(array_sort(collect_set({{ value }})), '{{ separator }}')
{%- endmacro %}
