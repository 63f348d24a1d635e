package org.hearth.server.services.media;

import java.time.Instant;
import org.hearth.server.matrix.id.UserId;

/// Something that a user of this server has uploaded.
///
/// @param mediaId the last part of its address
/// @param owner who
/// @param file its bytes
/// @param uploaded when
/// @param used when it was last downloaded, to the day; when it was uploaded if it never was
/// @param isProtected whether it is neither quarantined nor removed by age
/// @param withoutLogin whether it was uploaded before the freeze, so that anybody gets it
/// @param missing whether its file is not there any more
public record LocalMedia(
    String mediaId,
    UserId owner,
    MediaFile file,
    Instant uploaded,
    Instant used,
    boolean isProtected,
    boolean withoutLogin,
    boolean missing) {}
