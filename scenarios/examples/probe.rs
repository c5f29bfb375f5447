use raddle::*;
fn main() {
    let seeds: u64 = std::env::args().nth(1).map_or(1, |s| s.parse().unwrap());
    for pattern in raddle_scenarios::CATALOGUE.patterns() {
        pattern.source.register();
        for v in pattern.variants.iter().filter(|v| !v.is_correct()) {
            for engine in Engine::DEFAULT {
                for seed in 0..(if engine == Engine::Loom { 1 } else { seeds }) {
                    let checker = v.checker(engine).seed(seed);
                    let outcome = checker.run(v.program(engine)).unwrap();
                    let found = outcome.counterexample().unwrap();
                    let t = std::time::Instant::now();
                    let s = checker.study(v.program(engine), found, Effort::default()).unwrap();
                    println!(
                        "{}/{} {engine}: {} -> {} | replays {} fewest {:?} {} | weak {} pairs {}/{} doom {:?} missed {:?} | {:?}",
                        pattern.name,
                        v.name,
                        s.found,
                        s.shrunk,
                        s.replays,
                        (s.fewest.none_below, s.fewest.proven, s.fewest.executions),
                        s.fewest.otherwise.as_ref().map_or(String::new(), |v| v.to_string()),
                        s.weak,
                        s.critical().count(),
                        s.pairs.len(),
                        s.point_of_no_return.map(|p| (p.step, p.exhaustive, p.continuations)),
                        s.missed.len(),
                        t.elapsed()
                    );
                    if seeds == 1 {
                        println!("  {}", s.counterexample.schedule);
                        for p in s.critical() {
                            let e = |i: usize| {
                                let e = &s.counterexample.trace.events[i];
                                format!(
                                    "#{} {} {} {:?} :{}",
                                    e.step,
                                    s.counterexample.trace.task(e.task),
                                    e.operation,
                                    e.object.map(|o| &s.counterexample.trace.objects[o].name),
                                    e.at.line
                                )
                            };
                            println!("    {} before {}", e(p.first), e(p.second));
                        }
                    }
                }
            }
        }
    }
}
