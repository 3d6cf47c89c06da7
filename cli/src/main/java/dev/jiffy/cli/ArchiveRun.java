package dev.jiffy.cli;

import dev.jiffy.engine.Model;
import dev.jiffy.engine.SmallModels;
import dev.jiffy.engine.onnx.Exporter;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.Server;
import dev.jiffy.server.ServerOptions;
import dev.jiffy.server.StoreOptions;
import dev.jiffy.server.store.Repository;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/// What the launcher runs once after a build: two small models are loaded, run and served, the
/// server is asked over all protocols, and what other models need of the engine is loaded too. The
/// classes that this loads are what the JVM's archive holds.
final class ArchiveRun {
  private static final Duration PRACTICE = Duration.ofMillis(100);

  private ArchiveRun() {}

  /// Runs the models, in a folder of their own that is removed in the end.
  public static void main(String[] args) throws IOException {
    Path folder = Files.createTempDirectory("jiffy");
    Path text = folder.resolve("text.onnx");
    Path image = folder.resolve("image.onnx");
    try {
      writeText(text);
      OnnxWriter.write(SmallModels.image(), Exporter.OLDEST_OPSET, image);
      execute("run", text.toString(), "--dim", "batch=2,length=5");
      execute("run", image.toString(), "--json");
      serve(text);
      Practice.start(PRACTICE, e -> System.err.println("not in the archive: " + e)).join();
      loadAll(Path.of(Model.class.getProtectionDomain().getCodeSource().getLocation().toURI()));
    } catch (URISyntaxException | InterruptedException e) {
      throw new IOException(e);
    } finally {
      Files.deleteIfExists(text);
      Files.deleteIfExists(image);
      Files.delete(folder);
    }
    System.exit(execute("--help"));
  }

  private static void loadAll(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      for (JarEntry entry : Collections.list(file.entries())) {
        String name = entry.getName();
        if (name.startsWith("dev/") && name.endsWith(".class")) {
          load(name.substring(0, name.length() - ".class".length()).replace('/', '.'));
        }
      }
    }
  }

  private static void load(String name) {
    try {
      Class.forName(name, false, ArchiveRun.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      System.err.println("not in the archive: " + e);
    }
  }

  private static int execute(String... args) {
    return Main.commandLine(args).execute(args);
  }

  private static void serve(Path file) {
    ServerOptions options = ServerOptions.defaults().http(HttpOptions.defaults().port(0));
    Server.start(options, StoreOptions.of(new Repository(List.of(file)))).close();
  }

  /// Writes the model for texts.
  static void writeText(Path file) throws IOException {
    OnnxWriter.write(SmallModels.text(), Exporter.OLDEST_OPSET, file);
  }
}
