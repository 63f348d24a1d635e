package org.hearth.server.services.media;

import java.time.Duration;
import java.util.Optional;

/// How much media there may be, and for how long.
///
/// @param mostUploadBytes of one upload
/// @param mostUserBytes of all that one user has uploaded
/// @param mostBytes of all that all users have uploaded; empty for as much as the disk has
/// @param mostCacheBytes of all copies of what is on other servers; one server has a quarter
/// @param keptFreeBytes on the disk, which no upload takes: the database needs room
/// @param removeUnusedLocal what nobody has downloaded for so long is removed; empty for never
/// @param removeUnusedRemote the same of copies of what is on other servers
/// @param eraseWithAccount whether what a user uploaded goes when the account is erased
/// @param withoutLogin whether what is uploaded now may be had without a login: not frozen yet
public record MediaOptions(
    long mostUploadBytes,
    long mostUserBytes,
    Optional<Long> mostBytes,
    long mostCacheBytes,
    long keptFreeBytes,
    Optional<Duration> removeUnusedLocal,
    Optional<Duration> removeUnusedRemote,
    boolean eraseWithAccount,
    boolean withoutLogin) {
  /// 50 MB an upload, 5 GiB a user, 10 GiB of copies, 1 GiB kept free; nothing goes by age, but for
  /// copies that were not asked for in 90 days.
  public static MediaOptions standard() {
    return new MediaOptions(
        50_000_000,
        5L << 30,
        Optional.empty(),
        10L << 30,
        1L << 30,
        Optional.empty(),
        Optional.of(Duration.ofDays(90)),
        true,
        false);
  }
}
