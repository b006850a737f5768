{# The columns together are a key: never null, never twice. One query per model instead of one per column. #}
{% test unique_key(model, columns) %}

select {{ columns | join(', ') }}, count(*) as rows_found
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns %}or {{ column }} is null
    {% endfor %}

{% endtest %}
