/* The table of cases that try a Receive Maximum. */
#ifndef CASES_COMMON_QUOTAS_H
#define CASES_COMMON_QUOTAS_H

struct quota {
	unsigned maximum, qos;
};

#define QUOTA(name, maximum, qos)                    \
	{                                            \
		name, .extra = &(const struct quota) \
		{                                    \
			maximum, qos                 \
		}                                    \
	}

#define QUOTAS                                                                              \
	QUOTA("1_q1", 1, 1), QUOTA("1_q2", 1, 2), QUOTA("2_q1", 2, 1), QUOTA("2_q2", 2, 2), \
		QUOTA("5_q1", 5, 1), QUOTA("5_q2", 5, 2)

#endif
