//! smoke
use raddle::*;
use raddle::sync::*;
use raddle_scenarios::CATALOGUE;
fn show(name:&str, e: Engine, r: Result<Outcome, CheckError>, t: std::time::Instant) {
    match r {
        Ok(Outcome::Fails(c)) => println!("{name} {e}: {:?}\n{}", t.elapsed(), report::text::counterexample(None,&c,&report::text::Style::PLAIN)),
        r => println!("{name} {e}: {r:?} {:?}", t.elapsed()),
    }
}
fn main() {
    for p in CATALOGUE.patterns() { for v in p.variants { for e in Engine::DEFAULT {
        let t=std::time::Instant::now();
        let r = v.checker(e).run(v.program(e));
        show(v.name, e, r, t);
    }}}
    for e in Engine::ALL {
        let t=std::time::Instant::now();
        show("locks32", e, Checker::new().engine(e).executions(20000).run(|| {
            let c = Arc::new(Mutex::new(0));
            let h: Vec<_> = (0..3).map(|_| { let c=c.clone(); thread::spawn(move || for _ in 0..2 { *c.lock().unwrap() += 1 })}).collect();
            for h in h { h.join().unwrap(); }
            assert_eq!(*c.lock().unwrap(), 6);
        }), t);
        let t=std::time::Instant::now();
        show("abba", e, Checker::new().engine(e).run(|| {
            let a = Arc::new(Mutex::new(0).named("a")); let b = Arc::new(Mutex::new(0).named("b"));
            let (a2,b2)=(a.clone(),b.clone());
            let h = thread::Builder::new().name("ba".into()).spawn(move || { let _y=b2.lock().unwrap(); let _x=a2.lock().unwrap(); }).unwrap();
            { let _x=a.lock().unwrap(); let _y=b.lock().unwrap(); }
            h.join().unwrap();
        }), t);
    }
}
