{#
    The row of a dated definition that was in force on a day (glossary 0.11). `definition` is the
    alias of the joined definitions table.
#}
{% macro in_force(definition, day) -%}
    {{ day }} >= {{ definition }}.valid_from and {{ day }} < {{ definition }}.valid_to
{%- endmacro %}

{#
    The channel of a source's own text, given the joins of `channel_joins`: what the map says, else the
    text itself where it is a channel, else a named bucket. No text is no source.
#}
{% macro channel_of(value) -%}
    case
        when {{ value }} is null then 'unattributed'
        else coalesce(channel_map.channel, channels.channel, 'unmapped')
    end
{%- endmacro %}

{% macro channel_joins(system, value, day) %}
    left join {{ source('definitions', 'channel_map') }} as channel_map
        on
            channel_map.source_system = {{ system }}
            and lower(channel_map.source_value) = lower({{ value }})
            and {{ in_force('channel_map', day) }}

    left join {{ source('definitions', 'channels') }} as channels
        on channels.channel = lower({{ value }})
{% endmacro %}
