# Homebrew formula. The version and the checksum of the source are set when a version is released: docs/releasing.md.
class Hinton < Formula
  desc "See neural networks: any weights file becomes a picture"
  homepage "https://github.com/hinton-rs/hinton"
  url "https://github.com/hinton-rs/hinton/archive/refs/tags/v0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["MIT", "Apache-2.0"]
  head "https://github.com/hinton-rs/hinton.git", branch: "main"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args(path: "crates/hinton-cli")
    generate_completions_from_executable(bin/"hinton", "completions")
    (buildpath/"hinton.1").write Utils.safe_popen_read(bin/"hinton", "manual")
    man1.install "hinton.1"
  end

  test do
    (testpath/"w.csv").write "1,-2\n3,0.5\n"
    system bin/"hinton", "draw", "w.csv", "-o", "w.png"
    assert_predicate testpath/"w.png", :exist?
  end
end
