#include "wall/syscallname.h"

#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

void syscallname_get(int32_t number, char name[SYSCALLNAME_MAX])
{
	char *found =
		number < 0 ? NULL : seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

	if (found)
		snprintf(name, SYSCALLNAME_MAX, "%s", found);
	else
		snprintf(name, SYSCALLNAME_MAX, "number %" PRId32, number);
	free(found);
}
