import org.jspecify.annotations.NullMarked;

/// The `jiffy` command.
@NullMarked
module dev.jiffy.cli {
  requires dev.jiffy.bench;
  requires dev.jiffy.server;
  requires static transitive org.jspecify;
  requires info.picocli;
  requires java.net.http;
  requires tools.jackson.databind;

  opens dev.jiffy.cli to
      info.picocli,
      tools.jackson.databind;
}
