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

{# A text without what stands in brackets at its end: `Signed (EMEA)` is `Signed`. #}
{% macro without_brackets(value) -%}
    case
        when {{ value }} like '%_ (%)'
            then substring({{ value }}, 1, length({{ value }}) - length(split_part({{ value }}, ' (', -1)) - 2)
        else {{ value }}
    end
{%- endmacro %}

{# The first half of `source / medium`, as web analytics write where a visit came from. #}
{% macro source_of(source_medium) -%}
    nullif(trim(split_part({{ source_medium }}, '/', 1)), '')
{%- endmacro %}

{# The second half of `source / medium`, as web analytics write where a visit came from. #}
{% macro medium_of(source_medium) -%}
    nullif(trim(split_part({{ source_medium }}, '/', 2)), '')
{%- endmacro %}

{# The text of one key of a JSON object; null where the key is not there. #}
{% macro json_text(document, key) -%}
    {{ adapter.dispatch('json_text')(document, key) }}
{%- endmacro %}

{% macro duckdb__json_text(document, key) -%}
    ({{ document }} ->> '$.{{ key }}')
{%- endmacro %}

{% macro spark__json_text(document, key) -%}
    get_json_object({{ document }}, '$.{{ key }}')
{%- endmacro %}

{#
    A name as it is compared: lower case, `&` as the word, anything that is no letter and no digit one blank.
    Legal forms are still there; which there are is a definition.
#}
{% macro folded_name(value) -%}
    {{ adapter.dispatch('folded_name')(value) }}
{%- endmacro %}

{% macro duckdb__folded_name(value) -%}
    nullif(trim(regexp_replace(replace(lower({{ value }}), '&', ' and '), '[^\pL\pN]+', ' ', 'g')), '')
{%- endmacro %}

{% macro spark__folded_name(value) -%}
    nullif(trim(regexp_replace(replace(lower({{ value }}), '&', ' and '), '[^\\pL\\pN]+', ' ')), '')
{%- endmacro %}
