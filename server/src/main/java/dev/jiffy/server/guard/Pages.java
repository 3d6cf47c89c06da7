package dev.jiffy.server.guard;

import dev.jiffy.protocol.ProtocolException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Which pages of a browser may ask a server that answers this machine alone: its own. A browser
/// sends whatever any page says to this machine too, and says which page that is. A page whose name
/// was made to mean this machine after it was loaded would be taken for one of the server's own, so
/// that the server is asked under names of this machine only.
public final class Pages {
  private static final Pattern SCHEME = Pattern.compile("(https?)://(.+)");
  private static final Pattern AUTHORITY = Pattern.compile("(\\[[^]]*]|[^:]*)(?::(\\d*))?");
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(\\.(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)){3}|\\[::1]");

  private Pages() {}

  /// Checks what a request says of where it comes from and where it goes.
  ///
  /// @param origin the header `Origin`, null where there is none, as no page sent it
  /// @param authority the host, and the port if need be, that is asked, null where none is named,
  ///   as no browser does
  /// @throws ProtocolException of status 403 if a page of another site asks, or the host is none of
  ///   this machine's
  public static void check(@Nullable String origin, @Nullable String authority) {
    if (authority != null && !LOOPBACK.matcher(host(authority)).matches()) {
      throw new ProtocolException(
          403, "the host that is asked must be localhost, or a loopback address");
    }
    if (origin != null && !isOwn(origin, authority)) {
      throw new ProtocolException(403, "pages of other sites are not answered");
    }
  }

  private static boolean isOwn(String origin, @Nullable String authority) {
    var site = SCHEME.matcher(origin.toLowerCase(Locale.ROOT));
    if (authority == null || !site.matches()) {
      return false;
    }
    String port = site.group(1).equals("https") ? "443" : "80";
    return withPort(site.group(2), port).equals(withPort(authority, port));
  }

  private static String host(String authority) {
    var parts = AUTHORITY.matcher(authority.toLowerCase(Locale.ROOT));
    return parts.matches() ? parts.group(1) : "";
  }

  private static String withPort(String authority, String ifNone) {
    var parts = AUTHORITY.matcher(authority.toLowerCase(Locale.ROOT));
    String port = parts.matches() ? parts.group(2) : null;
    return host(authority) + ":" + (port == null || port.isEmpty() ? ifNone : port);
  }
}
