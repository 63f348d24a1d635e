package org.hearth.server;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.connection.ListenerCertificate;

/// What the owner is told of certificates that end.
final class CertificateWarnings {
  /// How long before.
  private static final Duration NOTICE = Duration.ofDays(14);

  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("d MMM uuuu", Locale.ENGLISH).withZone(ZoneOffset.UTC);

  private CertificateWarnings() {}

  /// A sentence for each listener whose certificate has ended or is about to.
  ///
  /// @param bound the open listeners, in the order of the configuration
  static Stream<String> of(Configuration configuration, List<HttpServer.Bound> bound, Instant now) {
    return IntStream.range(0, bound.size())
        .mapToObj(i -> of(configuration.listeners().get(i), bound.get(i), now))
        .flatMap(Optional::stream);
  }

  /// What the server's own authority certifies is made anew in time without its owner.
  private static Optional<String> of(
      Configuration.Listener listener, HttpServer.Bound bound, Instant now) {
    return listener
        .tls()
        .filter(Configuration.Tls.FromFiles.class::isInstance)
        .map(Configuration.Tls.FromFiles.class::cast)
        .flatMap(files -> of(listener, files, bound, now));
  }

  private static Optional<String> of(
      Configuration.Listener listener,
      Configuration.Tls.FromFiles files,
      HttpServer.Bound bound,
      Instant now) {
    return bound
        .certificate()
        .map(ListenerCertificate::end)
        .filter(end -> end.isBefore(now.plus(NOTICE)))
        .map(end ->
            "The certificate of the listener on %s, port %d, %s on %s%s. Put a new one into %s and restart the server."
                .formatted(
                    listener.bind(),
                    bound.address().getPort(),
                    end.isAfter(now) ? "ends" : "ended",
                    DAY.format(end),
                    end.isAfter(now) ? "" : ", and nobody accepts it any more",
                    files.certificate()));
  }
}
