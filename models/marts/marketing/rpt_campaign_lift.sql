-- One row per experiment: what the campaign caused, as far as chance allows to say (glossary C17).
with

experiments as (

    select * from {{ ref('int_experiments') }}

),

members as (

    select * from {{ ref('int_experiment_members') }}

),

counted as (

    select
        experiment,
        count(case when test_group = 'test' then 1 end) as tested,
        count(case when test_group = 'test' and has_converted then 1 end) as converted_tested,
        count(case when test_group = 'holdout' then 1 end) as held_out,
        count(case when test_group = 'holdout' and has_converted then 1 end) as converted_held_out

    from members

    group by experiment

),

rates as (

    select
        experiments.experiment,
        experiments.campaign_id,
        experiments.conversion_stage,
        experiments.spend,
        experiments.is_complete,
        experiments.starts_on,
        experiments.ends_on,
        coalesce(counted.tested, 0) as tested,
        coalesce(counted.converted_tested, 0) as converted_tested,
        coalesce(counted.held_out, 0) as held_out,
        coalesce(counted.converted_held_out, 0) as converted_held_out,
        {{ ratio('counted.converted_tested', 'counted.tested') }} as tested_rate,
        {{ wilson('low', 'counted.converted_tested', 'counted.tested') }} as tested_low,
        {{ wilson('high', 'counted.converted_tested', 'counted.tested') }} as tested_high,
        {{ ratio('counted.converted_held_out', 'counted.held_out') }} as held_out_rate,
        {{ wilson('low', 'counted.converted_held_out', 'counted.held_out') }} as held_out_low,
        {{ wilson('high', 'counted.converted_held_out', 'counted.held_out') }} as held_out_high

    from experiments

    left join counted
        on experiments.experiment = counted.experiment

),

lifted as (

    select
        *,
        tested_rate - held_out_rate as lift,
        {{ newcombe('low', 'tested_rate', 'tested_low', 'held_out_rate', 'held_out_high') }} as ci_low,
        {{ newcombe('high', 'tested_rate', 'tested_high', 'held_out_rate', 'held_out_low') }} as ci_high

    from rates

),

final as (

    select
        *,
        lift * tested as incremental_conversions,
        case when ci_low > 0 then {{ cost_ratio('spend', 'lift * tested') }} end as cost_per_incremental_conversion

    from lifted

)

select
    experiment,
    campaign_id,
    conversion_stage,
    tested,
    converted_tested,
    held_out,
    converted_held_out,
    spend,
    tested_rate,
    held_out_rate,
    lift,
    ci_low,
    ci_high,
    incremental_conversions,
    cost_per_incremental_conversion,
    case when conversion_stage = 'won' then cost_per_incremental_conversion end as incremental_cac,
    is_complete,
    starts_on,
    ends_on

from final
