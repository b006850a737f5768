{# Each column leads to a row of the mart that it names (`column: mart.column`), or is null. One query per model. #}
{% test foreign_keys(model, references) %}

{% for column, there in references.items() %}
select '{{ column }}' as key_column, count(*) as rows_found
from {{ model }} as pointing
left join {{ ref(there.split('.')[0]) }} as pointed_to
    on pointing.{{ column }} = pointed_to.{{ there.split('.')[1] }}
where pointing.{{ column }} is not null and pointed_to.{{ there.split('.')[1] }} is null
having count(*) > 0
{% if not loop.last %}union all{% endif %}
{% endfor %}

{% endtest %}
