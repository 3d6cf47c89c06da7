package dev.jiffy.cli;

import dev.jiffy.server.AdminOptions;
import dev.jiffy.server.Secret;
import dev.jiffy.server.StoreOptions;
import dev.jiffy.server.function.Functions;
import dev.jiffy.server.store.ModelSettings;
import dev.jiffy.server.store.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say how what is served can change.
final class StoreMixin {
  private static final int MAX_TOKEN_BYTES = 4096;

  @Option(
      names = "--poll",
      paramLabel = "SECONDS",
      converter = OptionValues.Seconds.class,
      description = {
        "Look at the files again and again, and load what is new or has changed; not by default.",
        "Replace a file by renaming another: what is written in place may be half there."
      })
  private @Nullable Duration poll;

  @Option(
      names = "--open-repository",
      description =
          "Let everybody who reaches the port load and unload models; on this machine's own"
              + " addresses only. What is asked under another name than localhost or a loopback"
              + " address, or by another site's page, is refused.")
  private boolean isOpen;

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      converter = OptionValues.Port.class,
      description =
          "A second port, on which models are loaded and unloaded by those who have the token; 0"
              + " for any free one, none by default.")
  private @Nullable Integer adminPort;

  @Option(
      names = "--admin-host",
      paramLabel = "HOST",
      description = "The address of the second port; 127.0.0.1 by default.")
  private String adminHost = "127.0.0.1";

  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description =
          "The file with the token, of at least 16 characters; its requests bring the header"
              + " 'Authorization: Bearer TOKEN'.")
  private @Nullable Path tokenFile;

  @Option(
      names = "--functions",
      paramLabel = "JAR",
      hideParamSyntax = true,
      split = Configuration.BETWEEN,
      description = {
        "A jar with functions for ensembles, which it provides as the service"
            + " dev.jiffy.server.function.FunctionProvider; may be said more than once.",
        "Its code runs in the server, with all of the server's rights."
      })
  private List<Path> functions = List.of();

  /// {@return the functions that ensembles may use}
  ///
  /// @throws IllegalArgumentException if a jar has none
  Functions functions() {
    return Functions.builtIn().withJars(functions);
  }

  /// {@return the second port, null for none}
  ///
  /// @throws IllegalArgumentException if the token is too short or too long
  /// @throws IOException if the token cannot be read
  @Nullable AdminOptions admin() throws IOException {
    if (adminPort == null || tokenFile == null) {
      return null;
    }
    if (Files.size(tokenFile) > MAX_TOKEN_BYTES) {
      throw new IllegalArgumentException(
          tokenFile + ": expected a token of at most " + MAX_TOKEN_BYTES + " bytes");
    }
    return new AdminOptions(adminHost, adminPort, Secret.of(Files.readString(tokenFile).strip()));
  }

  /// {@return where models come from, and who may change what is served}
  StoreOptions store(Repository repository, ModelSettings defaults, Consumer<String> progress) {
    return StoreOptions.of(repository)
        .defaults(defaults)
        .poll(poll)
        .open(isOpen)
        .functions(functions())
        .progress(progress);
  }
}
