package org.hearth.server.services.previews;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.outbound.BodyReader;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.Limits;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundRequest;
import org.hearth.server.outbound.Outcome;
import org.hearth.server.outbound.Response;

/// Gets pages and pictures from the web. Redirects are followed by hand, a few of them, and each
/// address is checked like the first: whoever is asked is not to choose who is asked next.
///
/// **thread**: any; the caller waits.
final class Fetch {
  /// As much of a page is read; what it says of itself stands in front.
  static final int MOST_BYTES_OF_PAGE = 512 << 10;

  /// A larger picture is none for a preview.
  static final int MOST_BYTES_OF_PICTURE = 10 << 20;

  private static final int MOST_REDIRECTS = 5;
  private static final Duration ANSWER = Duration.ofSeconds(10);

  /// All together, redirects included.
  private static final Duration WHOLE = Duration.ofSeconds(20);

  private static final int HEADER_BYTES = 32 << 10;

  private final Outbound outbound;

  Fetch(Outbound outbound) {
    this.outbound = outbound;
  }

  /// What came.
  sealed interface Result {}

  /// Something of a type that was wanted.
  ///
  /// @param uri where it was in the end
  /// @param contentType as it was said, with its parameters
  record Found(URI uri, String contentType) implements Result {}

  /// Nothing that could be used.
  record Nothing(String why) implements Result {}

  /// A page.
  ///
  /// @param into gets as much of its beginning as there is room for
  /// @param isWanted which content types are: without parameters, in small letters
  Result page(URI uri, ByteArrayOutputStream into, Predicate<String> isWanted)
      throws InterruptedException {
    return get(uri, "text/html, application/xhtml+xml, */*;q=0.5", into, isWanted, true);
  }

  /// A picture.
  ///
  /// @param into gets all of it
  Result picture(URI uri, OutputStream into) throws InterruptedException {
    return get(uri, "image/*", into, type -> type.startsWith("image/"), false);
  }

  private Result get(
      URI first, String accept, OutputStream into, Predicate<String> isWanted, boolean beginning)
      throws InterruptedException {
    long end = System.nanoTime() + WHOLE.toNanos();
    OutboundRequest request;
    try {
      // Whether the web is encrypted, its authors decide.
      request =
          new OutboundRequest(
                  "GET", first, headers(accept), Optional.empty(), true, limits(WHOLE, beginning))
              .ofStranger(true);
    } catch (IllegalArgumentException e) {
      return new Nothing(String.valueOf(e.getMessage()));
    }
    for (int redirects = 0; ; redirects++) {
      Reader reader = new Reader(into, isWanted, beginning);
      Outcome outcome = outbound.send(request, reader);
      if (!(outcome instanceof Response response)) {
        return new Nothing(((Failure) outcome).words());
      }
      if (response.status() / 100 == 2) {
        return reader.result(request.uri());
      }
      Duration left = Duration.ofNanos(end - System.nanoTime());
      Optional<URI> next = response.redirect().flatMap(each -> PageAddress.read(each.toString()));
      if (next.isEmpty() || redirects == MOST_REDIRECTS || left.isNegative()) {
        return new Nothing("it answers with status " + response.status());
      }
      try {
        request =
            new OutboundRequest(
                    "GET",
                    next.get(),
                    headers(accept),
                    Optional.empty(),
                    // From an encrypted page nothing leads to one that is not.
                    request.uri().getScheme().equals("http"),
                    limits(left, beginning))
                .ofStranger(true);
      } catch (IllegalArgumentException e) {
        return new Nothing(String.valueOf(e.getMessage()));
      }
    }
  }

  private static Map<String, String> headers(String accept) {
    return Map.of(
        "Accept", accept, "Accept-Language", "en", "User-Agent", "Hearth (bot; URL previews)");
  }

  private static Limits limits(Duration whole, boolean beginning) {
    // Of a page that is longer, the rest is given up; of a picture, all.
    int most = beginning ? Integer.MAX_VALUE - 1 : MOST_BYTES_OF_PICTURE;
    return new Limits(
        Duration.ofSeconds(5), Duration.ofSeconds(5), ANSWER, whole, HEADER_BYTES, most);
  }

  /// Takes in what is wanted.
  private static final class Reader implements BodyReader {
    private final OutputStream into;
    private final Predicate<String> isWanted;
    private final boolean beginning;
    private Map<String, List<String>> headers = Map.of();
    private Optional<String> problem = Optional.empty();

    Reader(OutputStream into, Predicate<String> isWanted, boolean beginning) {
      this.into = into;
      this.isWanted = isWanted;
      this.beginning = beginning;
    }

    @Override
    public void head(Map<String, List<String>> told) {
      headers = new TreeMap<>(told);
    }

    private String contentType() {
      return headers.getOrDefault("content-type", List.of("")).getFirst();
    }

    private static String essence(String contentType) {
      int end = contentType.indexOf(';');
      return (end < 0 ? contentType : contentType.substring(0, end))
          .strip()
          .toLowerCase(Locale.ROOT);
    }

    @Override
    public void read(InputStream body) throws IOException {
      if (!isWanted.test(essence(contentType()))) {
        problem = Optional.of("it is of the type " + contentType());
        return;
      }
      byte[] piece = new byte[16 << 10];
      long left = beginning ? MOST_BYTES_OF_PAGE : Long.MAX_VALUE;
      try {
        for (int count = body.read(piece); count > 0 && left > 0; count = body.read(piece)) {
          into.write(piece, 0, (int) Math.min(count, left));
          left -= count;
        }
      } catch (MatrixException e) {
        problem = Optional.of(e.safeMessage());
      }
    }

    Result result(URI uri) {
      return problem.<Result>map(Nothing::new).orElseGet(() -> new Found(uri, contentType()));
    }
  }
}
