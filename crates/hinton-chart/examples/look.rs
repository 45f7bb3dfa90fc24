//! Draws a few tensors for looking: look OUT_DIR
use hinton_chart::*;
use hinton_tensor::*;
use std::path::Path;
fn panel(t: &Tensor, part: &str, need: Option<GridRequest>) -> Panel {
    let m = match t.shape().len() {
        0 => t.reshape(&[1, 1]).unwrap(),
        1 => t.reshape(&[1, t.shape()[0]]).unwrap(),
        2 => t.clone(),
        _ => {
            let r = t.shape()[0];
            let c = t.elements() as usize / r;
            t.reshape(&[r, c]).unwrap()
        }
    };
    let (rows, cols) = (m.shape()[0], m.shape()[1]);
    let mut grids = vec![];
    let summary;
    match need {
        Some(r) => {
            let g = reduce(&m, r, Work::on(2)).unwrap();
            summary = g.summary.clone();
            grids.push(g);
        }
        None => summary = summarize(&m, Work::on(2)).unwrap(),
    }
    Panel {
        name: t.name().into(),
        part: part.into(),
        shape: t.shape().to_vec(),
        dtype: t.dtype().name(),
        orientation: format!("rows ↓ axis 0 ({rows}) · columns → axis 1 ({cols})"),
        extent: Extent { rows, cols },
        grids,
        summary,
    }
}
fn draw(out: &str, chart: &str, ts: &[(Tensor, String)], o: &Options) {
    let c = charts::named(chart).unwrap();
    let ext: Vec<Extent> = ts
        .iter()
        .map(|(t, _)| {
            let p = panel(t, "", None);
            p.extent
        })
        .collect();
    let panels: Vec<Panel> = match (c.need)(&ext, o) {
        Need::Summaries => ts.iter().map(|(t, p)| panel(t, p, None)).collect(),
        Need::Grids(g) => ts.iter().zip(g).map(|((t, p), g)| panel(t, p, Some(g))).collect(),
    };
    let pic = match (c.build)(&panels, o) {
        Ok(p) => p,
        Err(e) => {
            println!("{out}: {e}");
            return;
        }
    };
    for n in &pic.notes {
        println!("{out}: {n}");
    }
    let mut ro = hinton_render::RenderOptions::default();
    ro.dpi = o.dpi;
    let bytes = (hinton_render::OUTPUTS[0].write)(&pic.scene, &ro).unwrap();
    std::fs::write(out, bytes).unwrap();
}
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../hinton/assets/demo/");
    let open = |n: &str| hinton_format::open(Path::new(n), &Default::default()).unwrap().tensors;
    let soft = open(&format!("{root}digits_softmax.safetensors"));
    let conv = open(&format!("{root}digits_conv.safetensors"));
    let mlp = open(&format!("{root}digits_mlp.safetensors"));
    let hin = open(&format!("{root}hinton_demo.npy"));
    let one = |t: &Tensor| vec![(t.clone(), String::new())];
    for theme in [ThemeName::Light, ThemeName::Dark] {
        let mut o = Options::default();
        o.theme = theme;
        let n = theme.name();
        draw(&format!("{dir}/hinton_{n}.png"), "hinton", &one(&hin[0]), &o);
        draw(&format!("{dir}/heat_{n}.png"), "heatmap", &one(&mlp[0]), &o);
        draw(&format!("{dir}/strip_{n}.png"), "heatmap", &one(&mlp[1]), &o);
        let small = Tensor::from_f32(
            "attention.weight",
            &[4, 5],
            &[
                0.5,
                -0.25,
                0.125,
                1.5,
                f32::NAN,
                0.0,
                0.3,
                -0.9,
                0.77,
                f32::INFINITY,
                0.1,
                0.2,
                0.3,
                0.4,
                0.5,
                -0.1,
                -0.2,
                -0.3,
                -0.4,
                -1.234,
            ],
        )
        .unwrap();
        draw(&format!("{dir}/small_{n}.png"), "heatmap", &one(&small), &o);
        draw(&format!("{dir}/smallhinton_{n}.png"), "hinton", &one(&small), &o);
        let mut o2 = o.clone();
        o2.row_labels = Labels::Pattern("token {}".into());
        o2.col_labels = Labels::Pattern("a long column {}".into());
        o2.annotate = Annotate::On;
        draw(&format!("{dir}/labels_{n}.png"), "heatmap", &one(&small), &o2);
        let tiles: Vec<_> = (0..10)
            .map(|k| {
                (soft[0].index_axis(1, k).unwrap().reshape(&[8, 8]).unwrap(), format!("[:,{k}]"))
            })
            .collect();
        draw(&format!("{dir}/tiles_{n}.png"), "tiles", &tiles, &o);
        let k: Vec<_> = (0..16)
            .map(|k| {
                (conv[0].index_axis(0, k).unwrap().reshape(&[5, 5]).unwrap(), format!("[{k}]"))
            })
            .collect();
        draw(&format!("{dir}/kernels_{n}.png"), "tiles", &k, &o);
        let mut o3 = o.clone();
        draw(&format!("{dir}/hist_{n}.png"), "histogram", &one(&mlp[0]), &o3);
        o3.log_counts = true;
        let hs: Vec<_> = mlp.iter().map(|t| (t.clone(), String::new())).collect();
        draw(&format!("{dir}/hists_{n}.png"), "histogram", &hs, &o3);
        let all: Vec<_> =
            soft.iter().chain(&mlp).chain(&conv).map(|t| (t.clone(), String::new())).collect();
        draw(&format!("{dir}/over_{n}.png"), "overview", &all, &o);
    }
    for p in PRESETS {
        let mut o = Options::default();
        (p.apply)(&mut o);
        let ts = match p.chart {
            "hinton" => one(&hin[0].transpose().unwrap()),
            "tiles" => (0..10)
                .map(|k| {
                    (soft[0].index_axis(1, k).unwrap().reshape(&[8, 8]).unwrap(), format!("{k}"))
                })
                .collect(),
            _ => one(&open(&format!("{root}digits_mlp.safetensors"))[0]
                .slice(&"[:8,:16]".parse().unwrap())
                .unwrap()),
        };
        if p.chart == "heatmap" {
            o.range = Some(Range::Fixed(-0.5, 0.5));
        }
        draw(&format!("{dir}/preset_{}.png", p.name), p.chart, &ts, &o);
    }
}
