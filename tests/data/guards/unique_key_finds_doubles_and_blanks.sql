-- A finding means that the generic test unique_key no longer sees a key that repeats or is null.
with

sample as (

    select *
    from (
        values
        ('once', 1),
        ('once', 2),
        ('twice', 1),
        ('twice', 1),
        ('blank', null),
        (null, 1)
    ) as t (name, number)

),

found as (

    {{ test_unique_key('sample', ['name', 'number']) }}

)

select count(*) as rows_found
from found
having count(*) != 3
