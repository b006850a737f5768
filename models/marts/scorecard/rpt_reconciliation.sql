-- One row per check: what went in stands beside what came out. A difference beyond its tolerance fails
-- the gate where the check is `blocking`; the others tell what the definitions do not cover yet. What has
-- no tolerance is of two kinds, and only compared.
with

files as (

    select
        coalesce(sum(rows + rejected), 0) as records,
        coalesce(sum(rows), 0) as accepted
    from {{ source('plumbline', 'files') }}

),

checks as (

    select * from {{ ref('int_checks_people') }}

    union all

    select * from {{ ref('int_checks_marketing') }}

    union all

    select * from {{ ref('int_checks_money') }}

    union all

    select 'rows_rejected', 'records in loaded files', records, 'rows that fit', accepted, 0.00, false
    from files

)

select
    check_name,
    left_name,
    right_name,
    cast(coalesce(left_value, 0) as decimal(18, 2)) as left_value,
    cast(coalesce(right_value, 0) as decimal(18, 2)) as right_value,
    cast(coalesce(left_value, 0) - coalesce(right_value, 0) as decimal(18, 2)) as difference,
    cast(tolerance as decimal(18, 2)) as tolerance,
    is_blocking,
    case
        when tolerance is null then 'compared'
        when abs(coalesce(left_value, 0) - coalesce(right_value, 0)) <= tolerance then 'ok'
        when is_blocking then 'failed'
        else 'noted'
    end as status

from checks
